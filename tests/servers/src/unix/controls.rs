//! What every server can be told.

/// Gives a type with a field `running` the methods that all servers have.
macro_rules! controls {
    ($server:ty) => {
        impl $server {
            /// The port on 127.0.0.1, the same for as long as this value lives.
            pub fn port(&self) -> u16 {
                self.running.port()
            }

            /// The id of the server's first process; `None` while it is killed.
            pub fn process(&self) -> Option<u32> {
                self.running.process()
            }

            /// The server's own directory, which is removed in the end.
            pub fn directory(&self) -> &std::path::Path {
                self.running.place().path()
            }

            /// Stops all of its processes where they are (SIGSTOP): connections are still accepted, by the system, and nobody
            /// is answered.
            pub fn pause(&self) {
                self.running.pause();
            }

            /// Lets it go on after [`pause`](Self::pause) (SIGCONT).
            pub fn resume(&self) {
                self.running.resume();
            }

            /// Kills all of its processes (SIGKILL) and waits until they are gone.
            pub fn kill(&self) {
                self.running.kill();
            }

            /// Stops it in good order, unless it was killed, and starts it on the same port in the same directory.
            ///
            /// # Errors
            ///
            /// If it does not start again.
            pub fn restart(&self) -> Result<(), crate::NotStarted> {
                self.running.restart()
            }
        }
    };
}

pub(crate) use controls;
