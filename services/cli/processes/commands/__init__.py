"""`stagewire process`: one file per sub-command."""
