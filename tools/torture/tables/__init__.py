"""Random columns of Arrow, and what reading them must give."""
