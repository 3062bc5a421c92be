//! What each server is told.

use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use webstack_testkit::environment::Settings;

use super::WebServer;
use crate::launch::{USER, is_root};
use crate::nginx;

/// One server to be started.
pub(super) struct Instance<'a> {
    /// The server's own directory.
    pub(super) root: &'a Path,
    pub(super) address: SocketAddr,
    pub(super) settings: &'a Settings,
}

impl Instance<'_> {
    /// Where the application is.
    pub(super) fn url(&self) -> String {
        format!("http://{}/cgi-bin/demo-cgi", self.address)
    }

    /// True once the process that starts the programs can be reached by the one that has the port.
    ///
    /// Its socket is there before it has been given to the user who is to connect, and that before anybody listens.
    pub(super) fn is_ready_behind(&self, server: WebServer) -> bool {
        match server {
            WebServer::ApacheCgid => self.own_socket("cgid.sock").is_some(),
            WebServer::Nginx => {
                self.own_socket("fcgiwrap.sock").is_some_and(|socket| UnixStream::connect(socket).is_ok())
            }
            WebServer::ApacheCgi | WebServer::Lighttpd | WebServer::Busybox => true,
        }
    }

    /// The socket of this name, once it is whose the directory is. Apache appends the number of its process to the name.
    fn own_socket(&self, name: &str) -> Option<PathBuf> {
        let owner = |path: &Path| path.symlink_metadata().map(|meta| meta.uid()).ok();
        let entries = fs::read_dir(self.root).ok()?.flatten();
        let mut sockets = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(name));
        sockets.next().map(|entry| entry.path()).filter(|socket| owner(socket) == owner(self.root))
    }

    /// The script that runs the server until it is told to end, and then shows the logs.
    pub(super) fn script(&self, server: WebServer) -> String {
        let root = self.root.display();
        let commands = match server {
            WebServer::ApacheCgid => self.apache("mpm_event", "cgid"),
            WebServer::ApacheCgi => self.apache("mpm_prefork", "cgi"),
            WebServer::Lighttpd => self.lighttpd(),
            WebServer::Nginx => self.nginx(),
            WebServer::Busybox => {
                let user = if is_root() { format!("-u {USER}:{USER}") } else { String::new() };
                vec![format!("busybox httpd -f -p {} -h '{root}/www' {user}", self.address)]
            }
        };
        let mut script = "PATH=$PATH:/usr/sbin\n".to_owned();
        // Apache ends its whole process group, and this shell is of it.
        script.push_str("end() { trap '' TERM INT; kill 0; wait; cat *.log >&2; exit \"$1\"; }\n");
        script.push_str("trap 'end 0' TERM INT\n");
        for command in commands {
            let _ = writeln!(script, "{command} &");
        }
        // A server that ends by itself has not started.
        script.push_str("wait $!\nend 1\n");
        script
    }

    fn variables(&self, line: impl Fn(&str, &str) -> String) -> String {
        self.settings
            .variables()
            .map(|(name, value)| line(name, &value.replace('\\', "\\\\").replace('"', "\\\"")))
            .collect()
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.root.join(name);
        fs::write(&path, text).expect("a configuration");
        path.display().to_string()
    }

    fn apache(&self, mpm: &str, cgi: &str) -> Vec<String> {
        let root = self.root.display();
        let load = |name: &str| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n");
        let modules: String = [mpm, "authz_core", "alias", "env", cgi].into_iter().map(load).collect();
        let socket = if cgi == "cgid" { format!("ScriptSock {root}/cgid.sock\n") } else { String::new() };
        let user = if is_root() { format!("User {USER}\nGroup {USER}\n") } else { String::new() };
        let variables = self.variables(|name, value| format!("SetEnv {name} \"{value}\"\n"));
        let path = self.write(
            "apache.conf",
            &format!(
                "ServerRoot {root}\nPidFile {root}/pid\nDefaultRuntimeDir {root}\nErrorLog {root}/error.log\n\
                 Listen {}\nServerName localhost\n{modules}{socket}{user}\
                 # Keys of the demo are segments that may hold a slash.\nAllowEncodedSlashes On\n\
                 ScriptAlias /cgi-bin/ {root}/www/cgi-bin/\n<Directory {root}>\n Require all granted\n</Directory>\n\
                 {variables}",
                self.address
            ),
        );
        vec![format!("apache2 -d '{root}' -f '{path}' -DFOREGROUND")]
    }

    fn lighttpd(&self) -> Vec<String> {
        let root = self.root.display();
        let user = format!("server.username = \"{USER}\"\nserver.groupname = \"{USER}\"\n");
        let user = if is_root() { user } else { String::new() };
        let variables = self.variables(|name, value| format!(" \"{name}\" => \"{value}\",\n"));
        let path = self.write(
            "lighttpd.conf",
            &format!(
                "server.modules = (\"mod_alias\", \"mod_cgi\", \"mod_setenv\")\nserver.document-root = \"{root}/www\"\n\
                 server.bind = \"{}\"\nserver.port = {}\n{user}server.errorlog = \"{root}/error.log\"\n\
                 server.breakagelog = \"{root}/breakage.log\"\nalias.url = (\"/cgi-bin/\" => \"{root}/www/cgi-bin/\")\n\
                 $HTTP[\"url\"] =~ \"^/cgi-bin/\" {{ cgi.assign = (\"\" => \"\") }}\n\
                 setenv.add-environment = (\n{variables})\n",
                self.address.ip(),
                self.address.port()
            ),
        );
        vec![format!("lighttpd -D -f '{path}'")]
    }

    fn nginx(&self) -> Vec<String> {
        let root = self.root.display();
        let variables = self.variables(|name, value| format!("   fastcgi_param {name} \"{value}\";\n"));
        let http = format!(
            " client_max_body_size 64m;\n server {{\n  listen {};\n  merge_slashes off;\n  location /cgi-bin/ {{\n   \
             gzip off;\n   fastcgi_split_path_info ^(/cgi-bin/[^/]+)(/.*)?$;\n   include /etc/nginx/fastcgi_params;\n   \
             fastcgi_param PATH_INFO $fastcgi_path_info;\n   \
             fastcgi_param SCRIPT_FILENAME {root}/www$fastcgi_script_name;\n{variables}   \
             fastcgi_pass unix:{root}/fcgiwrap.sock;\n  }}\n }}\n",
            self.address
        );
        let path = self.write("nginx.conf", &nginx::configuration(self.root, &http));
        let user = if is_root() { format!("-U {USER} -G {USER} -u {USER} -g {USER}") } else { String::new() };
        vec![
            // As many requests as that are answered at once.
            format!("spawn-fcgi -n -s '{root}/fcgiwrap.sock' -M 0660 {user} -- /usr/sbin/fcgiwrap -f -c 12"),
            format!("nginx -e stderr -p '{root}' -c '{path}'"),
        ]
    }
}
