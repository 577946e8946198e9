"""`vdb.calibrate_threshold`: a threshold under another metric or convention."""
