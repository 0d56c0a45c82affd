"""The latency lab: what the host promises, measured, beside other ways to do it.

One benchmark per module (`latency`, `callback`, `inference`, `gil`, `soak`), each of
which gives a list of `result.Result`. `report` keeps them as JSON, `budget` and
`baseline` judge them, `tables` and `plots` show them. Only what was measured is in a
result: nothing is extrapolated, and what could not be measured is said in a note.
"""
