"""The web page that trainings are started from; free of torch.

Template's file: updates replace it. Rendered where the question `ui` is answered yes.
"""
