"""What is looked for in a network, a file each; ``registry.py`` lists them.

Template's file: updates replace it. A detector is a file with ``find(evidence)``, which says what
it looks for, its threshold and where that comes from. A false alarm is worse than a miss.
"""
