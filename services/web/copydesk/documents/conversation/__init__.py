"""What people say to each other about a text: comments at its words, in threads that can be resolved."""
