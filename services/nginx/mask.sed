# What nginx says of an error quotes the request: without its query, and without the secret of a letter's link.
s#/+(address|confirm|join|reset|sign|unsubscribe)/[^ "?]+#/\1/...#gI
s#("([A-Z]+ )?|//[^/ "]+)/[^/ "]*%[^ "]*#\1/...#g
s#\?[^ "]*#?...#g
