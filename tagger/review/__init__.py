"""`tagger review`: a web page of this computer for choosing genres; see `server`."""
