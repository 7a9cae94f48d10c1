"""How fast it is, beside what users would take instead: ``make bench NAME=…``.

Every contender is a process of its own against one embedded warehouse in a home of its own. The
figures of one run compare with each other, not with those of another machine or day.
"""
