"""Campaigns: what survives, found out by trying, one file each."""
