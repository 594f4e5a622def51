"""Taking a trained network away: out of its LightningModule, into files that need no project.

Template's file: updates replace it.
"""
