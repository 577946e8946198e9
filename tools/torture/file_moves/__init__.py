"""Parts of the campaign `moves`: operations on files, writing processes, and remaining files."""
