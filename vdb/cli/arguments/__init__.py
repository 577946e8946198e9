"""Arguments and options as they are typed, and what they mean."""
