"""`vdb explore`: a page on this machine, for people who would rather look than read.

`server`     serves the page and its answers on the loopback address, behind a token
`answers`    what the page asks, as what JSON can hold
`sides`      the neighbours of a query under a metric, in a generation, in a convention
`score_histogram`  how the scores of all records lie, for the slider of thresholds
`page`       the page: HTML, CSS and JavaScript, without anything from elsewhere
"""
