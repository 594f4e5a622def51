"""A queue of trainings for each device of this machine: ``main.py queue``, and the web page.

Template's file: updates replace it. Start reading at ``dispatcher.py``; everything here is free of
torch.

=================  =============================================================================
``job.py``         one training, and what becomes of it
``queue.py``       all of them, in their order, below ``runs/.queue/``
``freeze.py``      what is kept of a job when it is queued: code, configuration, lists
``start.py``       see to it that one dispatcher lives
``dispatcher.py``  starts jobs, one on each device; ``run_job.py``: the process of one
``end_job.py``     stops one; ``settle.py``: how it ended
=================  =============================================================================
"""
