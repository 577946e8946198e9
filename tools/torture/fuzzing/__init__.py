"""Fuzzing: whatever bytes come, the answer is a value or one of vdb's own errors."""
