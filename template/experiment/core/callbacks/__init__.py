"""The callbacks that come with the template, a file each.

Template's file: updates replace it.
"""
