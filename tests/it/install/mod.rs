//! What users install: the samples in the program, the content of the image, the service of the Debian
//! package and the workflows.

mod image;
mod packages;
mod samples;
