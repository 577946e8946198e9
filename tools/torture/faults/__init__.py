"""A scripted history, and calls that fail or kill while it is played."""
