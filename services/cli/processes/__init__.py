"""`stagewire process`: what its commands share, and a file for each."""
