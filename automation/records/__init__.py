"""Records with rules of their own beside items: chats, feed posts, tasks… Each type is a folder below `types/`."""
