"""Definitions between files that people write and `crm.definitions`."""
