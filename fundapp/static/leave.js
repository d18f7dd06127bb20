// Goes on to a blank page, so that not even the empty page of this site is the last one in the window.
location.replace("about:blank");
