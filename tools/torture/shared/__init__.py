"""What several campaigns are built on: rounds, a sample, processes that fork, read and die."""
