"""What the campaign `places` is made of: what is done to files, who writes, what is left."""
