"""Tests of definitions that people write beside them: an item, what happens to it, and what is to come of it."""
