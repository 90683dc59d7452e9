"""Numbers of other people's papers, as data: each folder says where they come from."""
