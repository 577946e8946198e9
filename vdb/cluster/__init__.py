"""One collection over several databases: on the disks of one machine, or on several machines.

Not imported by ``import vdb``.
"""
