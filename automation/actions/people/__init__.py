"""Actions that change who is in charge of an item, who observes it, and what is known of its client."""
