"""Rows of a CSV file as changes of items, or as definitions of the directory."""
