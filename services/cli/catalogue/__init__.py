"""What `stagewire catalogue` prints."""
