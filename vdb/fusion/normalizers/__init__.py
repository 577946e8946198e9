"""What engines do to the scores of a list before they add them up."""
