"""Topics as people read them."""
