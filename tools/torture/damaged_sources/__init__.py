"""Small files of other systems, damaged at random and read in a process with little memory.

`small_sources`  every small source: those of the tree, and those that its recipes make here
`damage`         what is done to the bytes
`worker`         the process that damages, reads and compares
`reader`         the campaign's end of it: asks, and notices crashes and hangs
"""
