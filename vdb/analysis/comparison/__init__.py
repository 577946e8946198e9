"""`vdb.compare_metrics`: how rankings differ under other metrics, and which retrieves best."""
