"""What several writers need."""
