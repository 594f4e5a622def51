"""How what was found is told, of data and of networks: seriousness, cards, and the page's frame.

Template's file: updates replace it.
"""
