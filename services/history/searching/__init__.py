"""Searches that rules ask for over `crm.effects` (spec 4.36, design section 2)."""
