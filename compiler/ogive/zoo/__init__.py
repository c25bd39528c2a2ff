"""The zoo as people find their way in it: which networks there are, and what each counts.

`opening.py` reads the comment that a file opens with, `rows.py` says what is known of a network,
`index.py` answers at once from `index.json`, which `build.py` makes ahead of time, and docs/zoo.md with it.
Nothing loads torch.
"""
