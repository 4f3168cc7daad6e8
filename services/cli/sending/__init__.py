"""Changes from the command line, checked like those of the HTTP API."""
