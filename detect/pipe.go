package detect

// The engine has two halves. The caller's goroutine sorts records into windows
// and names what is new; a window that is complete is judged by the other half,
// which owns all statistics, on a goroutine of its own while the caller goes
// on. Windows are judged in the order in which they are handed over, and the
// caller waits before it looks at a result, so nothing depends on who is faster.
// An engine with a subscriber judges at once instead.

// job is handed to the judging half.
type job struct {
	w     *window // nil: minutes up to quiet passed without any record
	quiet int32
	first int32 // minute of the earliest record
	notes []noted
	done  chan struct{}
}

// jobsAhead is how many windows may wait to be judged. With the open slices, the
// minute that they become and the one being judged there is room for as many
// rows as windowsAlive full windows have.
const (
	jobsAhead    = 1
	windowsAlive = 6
)

// hand gives a job to the judging half.
func (e *Engine) hand(j job) {
	j.first = minuteOf(e.first)
	j.notes, e.noted = e.noted, nil
	if e.cfg.OnChange != nil {
		e.judge(&j)
		return
	}
	if e.jobs == nil {
		e.jobs = make(chan job, jobsAhead)
		go e.judgeAll(e.jobs)
	}
	e.jobs <- j
}

func (e *Engine) judgeAll(jobs <-chan job) {
	for j := range jobs {
		e.judge(&j)
	}
}

func (e *Engine) judge(j *job) {
	e.began = j.first
	for i := range j.notes {
		e.notes.add(&j.notes[i])
	}
	switch {
	case j.done != nil:
		close(j.done)
	case j.w == nil:
		e.closed = j.quiet
		e.track.quiet(e, j.quiet)
	default:
		e.closed = j.w.minute
		e.close(j.w)
		e.recycle(j.w)
	}
}

// wait returns when all that was handed over is judged.
func (e *Engine) wait() {
	if e.jobs != nil {
		done := make(chan struct{})
		e.hand(job{done: done})
		<-done
	}
}

// stop ends the judging goroutine.
func (e *Engine) stop() {
	e.wait()
	if e.jobs != nil {
		close(e.jobs)
		e.jobs = nil
	}
}
