"""`stagewire definitions`: one file per sub-command."""
