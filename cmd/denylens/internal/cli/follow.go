package cli

import (
	"os"

	"github.com/denylens/denylens/ingest"
)

// follow turns arguments into sources that do not end. Files are read from
// their start, so that the run knows what is usual before it judges what is
// new; files says whether there are any. The returned function ends the watch.
func (a *app) follow(args []string, r *run) (sources []ingest.Source, files bool, stop func(), err error) {
	var named []string
	for _, arg := range args {
		if _, isFile := a.stdin.(*os.File); arg == ingest.Stdin && !isFile {
			sources = append(sources, ingest.NewStream(arg, a.stdin))
			continue
		}
		named = append(named, arg)
		files = files || arg != ingest.Stdin
	}
	w, more, err := ingest.NewWatch(named, ingest.FollowOptions{
		FromStart: true,
		Notice:    func(path, what string) { a.say.warn("%s: %s", path, what) },
	})
	r.options.Await = w.Awaits()
	r.options.Discover = func() []ingest.Source {
		found := w.Discover()
		for _, s := range found {
			r.names = append(r.names, s.Name)
			a.say.warn("%s: is followed from now on", s.Name)
		}
		return found
	}
	return append(sources, more...), files, w.Close, a.confused(err)
}
