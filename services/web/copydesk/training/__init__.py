"""The school: trains a GPT-2 from a folder of books, scores it and writes it out as a model folder.

A leaf: it knows nothing of the desk. Importing this package loads no library; `copydesk.training.backend` is the
one door to Keras and TensorFlow, and only the modules that compute go through it.
"""
