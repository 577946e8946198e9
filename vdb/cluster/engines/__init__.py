"""What runs shards: threads of this process, or the processes of a cluster of machines.

``base`` has the five calls of all engines.
"""
