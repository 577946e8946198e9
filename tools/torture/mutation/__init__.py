"""Our own source, copied, and the bugs to put into it."""
