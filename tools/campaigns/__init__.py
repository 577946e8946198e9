"""Campaigns: what survives, found out by trying. One module each; the packages are their parts."""
