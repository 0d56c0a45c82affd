"""Kinds of model: what is special about each lies in a folder of its own."""
